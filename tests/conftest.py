# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What all tests start from."""

import signal

# A shell starts background jobs with SIGINT ignored, and a program hands that on to those it
# starts: under such a shell, Ctrl-C would do nothing in any program that a test drives.
signal.signal(signal.SIGINT, signal.default_int_handler)
