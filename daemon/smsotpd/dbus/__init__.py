# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Adapter: the domain on the system bus. The only package of the daemon that knows dbus-next."""
