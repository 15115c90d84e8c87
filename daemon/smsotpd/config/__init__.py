# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Adapter: the administrator's files, parsed once into frozen values, or refused."""
