"""The console's panes, one a file: each a pure painter of lines and a thin widget."""
