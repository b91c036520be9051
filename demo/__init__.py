"""The demo: a simulated cloud, a real Home Assistant, a dashboard to look at."""
