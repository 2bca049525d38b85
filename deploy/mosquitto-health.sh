#!/bin/sh
# Whether the broker passes a message on; and whatever a camera made it keep, but for its status, is taken back.
# (A crop that was published to be kept would lie here for ever.)
set -u

secrets=${MOODLENS_BROKER_SECRETS:-/mosquitto/secrets}
port=${MOODLENS_BROKER_INNER_PORT:-1883}
export XDG_CONFIG_HOME="${MOODLENS_BROKER_DATA:-/mosquitto/data}/clients"

# what the broker wrote, it wrote for itself alone; the next setup must read it
chmod 660 "$secrets/dynamic-security.json" 2> /dev/null

mosquitto_rr -p "$port" -W 3 -q 1 -t moodlens/health -e moodlens/health -m "$$" > /dev/null || exit 1

# What is kept comes first: it ends with the first message that is not, or after a second (status 27).
swept=$(mosquitto_sub -p "$port" -W 1 --retained-only --remove-retained -F %t \
  -t 'moodlens/v1/+/+/faces' -t 'moodlens/v1/+/+/emotions' -t 'moodlens/v1/+/+/reports' -t 'moodlens/v1/+/+/preview' \
  2> /dev/null)
status=$?
for topic in $swept; do echo "removed what was to be kept: $topic"; done
[ "$status" -eq 0 ] || [ "$status" -eq 27 ]
