# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Run `smsotpctl` as `python3 -m smsotpd.cli`."""

from smsotpd.cli.main import main

if __name__ == "__main__":
    main()
