"""``python -m tui_labeler`` is the ``tui-labeler`` command."""

import sys

from tui_labeler.cli.main import main

sys.exit(main())
