# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A real Prosody on the loopback, with modules of our own in place of mod_rest and mod_post_msg."""
