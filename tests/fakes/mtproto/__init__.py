# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Telegram on the loopback: the server's side of MTProto 2.0, and of the calls we make.

The protocol is written after https://core.telegram.org/mtproto; types are read and written by
Telethon's generated classes, so whatever version of Telethon is installed meets its own layer.
"""
