# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Examine a machine: what will happen at each login, what is wrong, what heals it."""
