"""The scale measurement is a script, and its modules find each other in its own folder; so do its tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
