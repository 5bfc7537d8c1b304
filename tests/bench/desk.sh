#!/bin/sh
# What one would write instead of docket, in an afternoon: a shell script
# that takes forms out of inbox/, one after the other.
#
#	desk.sh DIR SCHEMA
#
# DIR is a git work tree with inbox/, pending/ and outbox/ (not tracked:
# inbox/ and outbox/).  Each form is checked by xmllint, gets a number, moves
# to pending/, is committed, and answered.
set -eu
schema=$(realpath "$2")
cd "$1"
n=$(cat .git/number)
for form in inbox/*.xml; do
	[ -e "$form" ] || exit 0
	if ! xmllint --noout --nonet --schema "$schema" "$form" 2>.git/why; then
		mv "$form" outbox/
		mv .git/why "outbox/${form##*/}.refused.txt"
		continue
	fi
	n=$((n + 1))
	number=$(printf 'AK-%06d' "$n")
	echo "$n" >.git/number
	mv "$form" "pending/$number.xml"
	git add "pending/$number.xml"
	git commit --quiet -m "$number received: ${form##*/}"
	cp "pending/$number.xml" "outbox/$number.xml"
	printf '%s was received on %s as %s\n' "${form##*/}" "$(date -u)" \
	    "$number" >"outbox/$number.received.txt"
done
