# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What all tests start from."""

import os
import signal

from hypothesis import settings

# A shell starts background jobs with SIGINT ignored, and a program hands that on to those it
# starts: under such a shell, Ctrl-C would do nothing in any program that a test drives.
signal.signal(signal.SIGINT, signal.default_int_handler)

# `make fuzz` takes the long one; in between, each property has what its own decorator says.
settings.register_profile("long", max_examples=5_000, deadline=None)
settings.register_profile("bounded", max_examples=200, deadline=None)
settings.load_profile(os.environ.get("FUZZ", "bounded"))

pytest_plugins = ["tests.tally"]
