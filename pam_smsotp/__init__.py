# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The terminal: asks and relays inside PAM applications, decides nothing, keeps nothing.

It runs in sshd, sudo, login and greeters, often as root. It may import little: every module costs
each login time, and threads, event loops, signal handlers or output would disturb the host.
"""
