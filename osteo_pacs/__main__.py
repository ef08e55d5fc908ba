"""``python -m osteo_pacs`` and the console script ``osteo-pacs``."""

from osteo_pacs.cli import main

if __name__ == "__main__":
    main()
