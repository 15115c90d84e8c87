/* SPDX-FileCopyrightText: The pam-smsotp authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Read the module's arguments from the PAM line: an allow-list, nothing else passes.
 */
#include "terminal.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST_PROMPT 200
#define LONGEST_TIMEOUT 100

/* Return what stands behind `name=`, or NULL if the word is another. */
static const char *value_of(const char *word, const char *name)
{
    size_t length = strlen(name);
    return !strncmp(word, name, length) && word[length] == '=' ? word + length + 1 : NULL;
}

static int timeout_from(const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || length > 3 || *text == '0' || strspn(text, "0123456789") != length)
        return 0;
    int seconds = atoi(text);
    return seconds <= LONGEST_TIMEOUT ? seconds : 0;
}

static bool understood(struct arguments *a, const char *word)
{
    const char *value;
    if (!strcmp(word, "use_first_pass"))
        return a->use_first_pass = true;
    if (!strcmp(word, "try_first_pass"))
        return a->try_first_pass = true;
    if (!strcmp(word, "debug"))
        return a->debug = true;
    if ((value = value_of(word, "mode"))) {
        a->mode = value;
        return !strcmp(value, "conversation") || !strcmp(value, "two-attempt") ||
               !strcmp(value, "auto");
    }
    if ((value = value_of(word, "fail"))) {
        a->fail_ignore = !strcmp(value, "ignore");
        return a->fail_ignore || !strcmp(value, "deny");
    }
    if ((value = value_of(word, "timeout")))
        return (a->timeout = timeout_from(value)) > 0;
    if ((value = value_of(word, "pin_prompt")))
        return is_printable(a->pin_prompt = value, LONGEST_PROMPT);
    if ((value = value_of(word, "code_prompt")))
        return is_printable(a->code_prompt = value, LONGEST_PROMPT);
    return false;
}

/* Read the arguments of one PAM line. A typing error must not weaken a login, so fail=ignore does
 * not apply to it. */
bool parse_arguments(struct terminal *t, int count, const char **words)
{
    t->arguments = (struct arguments){.mode = "auto", .timeout = 40};
    for (int i = 0; i < count; i++) {
        if (understood(&t->arguments, words[i]))
            continue;
        /* Only the name: the value may be a text, and the name tells where to look. */
        char name[41] = "";
        for (size_t at = 0; at < sizeof name - 1 && words[i][at] && words[i][at] != '='; at++)
            name[at] = words[i][at] >= ' ' && words[i][at] <= '~' ? words[i][at] : '?';
        return denied(t, PAM_AUTHINFO_UNAVAIL,
                      "argument '%s' in the PAM line is unknown or has a bad value", name);
    }
    return true;
}
