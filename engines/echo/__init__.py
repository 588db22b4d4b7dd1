"""`echo`: the smallest real engine, and the template for a new one."""
