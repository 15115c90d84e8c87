# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""smsotpd: the daemon that decides logins, and smsotpctl, its command line."""
