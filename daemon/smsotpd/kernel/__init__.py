# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Adapter: what the domain takes from the kernel, time and randomness."""
