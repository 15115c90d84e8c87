/* SPDX-FileCopyrightText: The pam-smsotp authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Judge texts. Not by the C library: its answers depend on the host's locale.
 */
#include "terminal.h"

#define ILL_FORMED UINT32_MAX

/* Take one character of UTF-8 (RFC 3629, 3) and step behind it. */
static uint32_t take_character(const unsigned char **at)
{
    static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    unsigned char first = *(*at)++;
    int more = first < 0x80 ? 0 : first < 0xc0 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if (more < 0 || first > 0xf4)
        return ILL_FORMED;
    uint32_t character = more == 0 ? first : first & (0x3fU >> more);
    for (int i = 0; i < more; i++) {
        if ((**at & 0xc0) != 0x80)
            return ILL_FORMED;
        character = character << 6 | (*(*at)++ & 0x3fU);
    }
    bool is_surrogate = character >= 0xd800 && character < 0xe000;
    if (character < smallest[more] || is_surrogate || character > 0x10ffff)
        return ILL_FORMED;
    return character;
}

bool is_utf8(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at)
        if (take_character(&at) == ILL_FORMED)
            return false;
    return true;
}

/* Say whether a text has 1 to `longest` characters, none of which moves or hides others. */
bool is_printable(const char *text, size_t longest)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t count = 0;
    for (; *at; count++) {
        uint32_t c = take_character(&at);
        if (c == ILL_FORMED || c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0xad)
            return false; /* controls, the blank that is none, the hyphen that is none */
        if ((c >= 0x2000 && c <= 0x200f) || (c >= 0x2028 && c <= 0x202f) ||
            (c >= 0x205f && c <= 0x206f) || c == 0x3000 || c == 0xfeff)
            return false; /* blanks of other widths, line ends, directions */
    }
    return count > 0 && count <= longest;
}
