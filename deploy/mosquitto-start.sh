#!/bin/sh
# Starts the broker, again and again: its store lies in memory, and a new container would have lost it.
# Of what it logs, errors, warnings and refusals are passed on.
#
#   mosquitto-start.sh [SETTINGS]    a signal (TERM) ends it
set -u
umask 007

secrets=${MOODLENS_BROKER_SECRETS:-/mosquitto/secrets}
data=${MOODLENS_BROKER_DATA:-/mosquitto/data}

for plugin in /usr/lib/mosquitto_dynamic_security.so /usr/lib/*/mosquitto_dynamic_security.so; do
  if [ -e "$plugin" ]; then ln -sf "$plugin" "$data/dynamic-security.so"; fi
done

# Mosquitto's clients read their options from files, so that no list of processes shows a password.
mkdir -p "$data/clients"
chmod 700 "$data/clients"
password=$(cat "$secrets/moodlens_health_password") || exit 1
for client in mosquitto_sub mosquitto_rr; do
  printf '%s\n' '-V mqttv5' '-h 127.0.0.1' '-u health' "-P $password" > "$data/clients/$client"
done

# A denied subscription is not named as such: what is asked for, and not granted in the next line, is denied.
# Whoever is refused in a loop shall not fill the log.
passed_on() {
  awk '
    function tell(line) {
      if ($1 != second) {
        if (told > most) print second " " told - most " more lines are left out"
        second = $1; told = 0
      }
      told++
      if (told <= most) { print line; fflush() }
    }
    BEGIN { most = 50 }
    asked != "" {
      if (index($0, " " asked) == 0 || $2 == asked) tell($1 " Denied SUBSCRIBE from " who " (" asked ")")
      asked = ""
    }
    / Received (UN)?SUBSCRIBE from / { who = $NF; leaves = index($0, " UNSUBSCRIBE "); next }
    /^[0-9]+: \t/ { if (!leaves) asked = $2; next }
    $2 == "Denied" { tell($0); next }
    / Sending CONNACK to / { if ($NF != "0)") tell($0); next }
    / (Received|Sending|No will message|New connection|New client|Will message|Saving) / { next }
    / [0-2] / && NF == 4 { next }
    /not authori[sz]ed|[Ee]rror|protocol|oversize|exceeded|already connected/ { tell($0); next }
    $2 == "Client" || $1 !~ /^[0-9]+:$/ { next }
    { tell($0) }
  '
}

# The broker writes its lines to a file in memory, which costs it half of what a pipe does; what is new in it is read
# here, once a second, and the file is emptied before it grows large.
log=$data/log
read_log() {
  size=$(wc -c < "$log")
  if [ "$size" -gt "$seen" ]; then
    tail -c "+$((seen + 1))" "$log" | head -c "$((size - seen))" | passed_on
    seen=$size
  fi
  if [ "$seen" -gt 16000000 ]; then
    : > "$log"
    seen=0
  fi
}

broker=''
stop=''
trap 'stop=1; [ -z "$broker" ] || kill -TERM "$broker" 2> /dev/null' TERM INT
while [ -z "$stop" ]; do
  # the broker replaces this list by one for itself alone, which the next setup could not read
  cp "$secrets/dynamic-security.json" "$secrets/.own" && chmod 660 "$secrets/.own" \
    && mv -f "$secrets/.own" "$secrets/dynamic-security.json"
  : > "$log"
  seen=0
  mosquitto -c "${1:-/mosquitto/config/mosquitto.conf}" >> "$log" 2>&1 &
  broker=$!
  while kill -0 "$broker" 2> /dev/null; do
    sleep 1 &
    wait "$!" # and not sleep itself: a signal is heard at once
    read_log
  done
  wait "$broker"
  status=$?
  read_log
  echo "the broker ended with $status"
done
