#!/bin/sh
# Folders that are put in the place of others while the desk is run.
. "$(dirname "$0")/lib.sh"
make_desk
quick
start
for folder in inbox outbox pending; do
	forget
	cp -R $folder "$T/copy"
	mv $folder "$T/old-$folder" && mv "$T/copy" $folder
	key_form acme "$folder" | drop "$folder.xml"
	ok "another $folder is noticed" waitfor match "$T/log" \
	    "error=\"$folder is not the folder that it was"
	ok "and used" waitfor match "$T/log" "event=receive from=$folder.xml"
	is "$(grep -c event=trouble "$T/log")" 1 "after one complaint"
done
ok "all is there" waitfor there pending/AK-000001.xml pending/AK-000002.xml \
    pending/AK-000003.xml outbox/AK-000003.received.txt
stop
trays_equal_ledger
done_testing
