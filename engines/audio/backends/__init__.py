"""Where sound comes from and goes to: a device, a file, or nothing on a real-time clock."""
