# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Working stand-ins for the ports, without disk, bus or network."""
