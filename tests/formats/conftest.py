"""What several tests write their files with is in modules of this folder and of the one of the scale measurement."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "scale")]
