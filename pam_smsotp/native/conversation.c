/* SPDX-FileCopyrightText: The pam-smsotp authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Speak with the user through the PAM application, one message at a time.
 */
#include "terminal.h"

#include <stdlib.h>
#include <string.h>

/* Linux-PAM's PAM_MAX_RESP_SIZE; no PIN or code is nearly as long. */
#define LONGEST_ANSWER 512

void wipe(char *answer)
{
    if (answer)
        explicit_bzero(answer, strlen(answer));
    free(answer);
}

/* Hold a conversation of one message. The reply is the caller's, or NULL. */
static bool converse(struct terminal *t, int style, const char *text, char **answer)
{
    const struct pam_message message = {.msg_style = style, .msg = text};
    const struct pam_message *messages = &message;
    struct pam_response *response = NULL;
    const void *item = NULL;
    *answer = NULL;
    int result = pam_get_item(t->pamh, PAM_CONV, &item);
    const struct pam_conv *conversation = item;
    if (result != PAM_SUCCESS || !conversation || !conversation->conv)
        return denied(t, PAM_CONV_ERR, "the application cannot ask");
    result = conversation->conv(1, &messages, &response, conversation->appdata_ptr);
    /* After a failure there is no response: what stands there is nobody's. */
    if (result != PAM_SUCCESS)
        return denied(t, PAM_CONV_ERR, "the application could not ask");
    if (response)
        *answer = response->resp;
    free(response);
    return true;
}

/* Show a text; one that is no error only where the application did not ask for silence. sudo always
 * does, and would say no more than "Sorry, try again." */
bool show(struct terminal *t, int style, const char *text)
{
    char *answer;
    if (style == PAM_TEXT_INFO && t->flags & (int)PAM_SILENT)
        return true;
    bool is_fine = converse(t, style, text, &answer);
    wipe(answer);
    return is_fine;
}

/* Ask, and hand over the answer, to be wiped by the caller. */
bool ask(struct terminal *t, int style, const char *prompt, char **answer)
{
    if (!converse(t, style, prompt, answer))
        return false;
    if (!*answer) /* end of input (Ctrl-D, </dev/null): nobody is there to answer */
        return denied(t, PAM_CONV_ERR, "the prompt got no answer");
    if (strlen(*answer) <= LONGEST_ANSWER && is_utf8(*answer))
        return true;
    wipe(*answer);
    *answer = NULL;
    return denied(t, PAM_AUTH_ERR, "the answer is too long or not UTF-8");
}
