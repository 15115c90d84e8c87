# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Run the daemon as `python3 -m smsotpd.main`."""

import sys

from smsotpd.main.program import main

sys.exit(main())
