# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What can be said of the tree without running it: each gate is a test of its own."""
