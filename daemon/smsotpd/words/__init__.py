# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Adapter: the message catalogues of the languages, as GNU gettext makes them."""
