# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""How much is tried: all of it by `make faults`, less where it runs with all other tests."""

import os
from typing import Final

ALL: Final = os.environ.get("FAULTS") == "all"
