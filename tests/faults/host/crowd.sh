# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
# Everybody at once: a login by ssh for each user, with the right code or a wrong one.
#
#   sh crowd.sh DIRECTORY NUMBER PIN
#
# Users crowd1 to crowdNUMBER; each sixth gives wrong codes. Into DIRECTORY goes what each saw.
set -eu
directory=$1 number=$2 PIN=$3
export PIN SSH_ASKPASS="$directory/answer" SSH_ASKPASS_REQUIRE=force
mkdir -p "$directory"
cat >"$SSH_ASKPASS" <<'ANSWER'
#!/bin/sh
case $1 in
*PIN:*) echo "$PIN" ;;
*)  if [ $((CROWD % 6)) = 0 ]; then echo 000000; exit; fi
    phone=$((4915120000000 + CROWD))
    sed -n "/$phone/s/.*\"text\": \"[^0-9\"]*\([0-9]\{6\}\).*/\1/p" /var/lib/smsotp/outbox | tail -n 1 ;;
esac
ANSWER
chmod 0700 "$SSH_ASKPASS"
for CROWD in $(seq "$number"); do
    export CROWD
    setsid -w ssh -o PreferredAuthentications=keyboard-interactive -o StrictHostKeyChecking=no \
        -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o NumberOfPasswordPrompts=1 \
        -o ConnectTimeout=300 "crowd$CROWD@localhost" 'echo "let in as $(id -un)"' \
        </dev/null >"$directory/$CROWD" 2>&1 &
done
wait
