"""The KPI engine without Home Assistant."""
