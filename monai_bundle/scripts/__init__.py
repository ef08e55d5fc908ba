"""What the bundle needs and MONAI lacks: DXA pixels as grey, the frame of the scan, the operating point."""
