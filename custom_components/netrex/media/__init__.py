"""The portal's recordings in the media browser: folder, camera, day, hour, slice."""
