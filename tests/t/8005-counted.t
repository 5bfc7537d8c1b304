#!/bin/sh
# A crash right after a decision was counted: what it was made with is still in
# the tray, and is neither a second decision nor damage.
. "$(dirname "$0")/lib.sh"
NOW=2027-01-01T12:00:00Z
make_desk
conf '[reviewer "bob"]' '	group = other' '[review "AK"]' '	quorum = 2' \
    '[review "AK revoke"]' '	quorum = 2'
# crash COMMAND ...: it is done, and committed by a round of which nothing else
# is left
crash() {
	"$@"
	cp -a "$DESK" "$T/crashed"
	once DOCKET_NOW=$NOW
	rm -rf "$T/crashed/ledger.git"
	mv ledger.git "$T/crashed/"
	rm -rf "$DESK"
	mv "$T/crashed" "$DESK"
	cd "$DESK" || exit 1
	is "$(trailer Event),$(trailer Decision)" "endorse,$decision" "counted"
	head=$(ledger rev-parse main)
	once DOCKET_NOW=$NOW
	is "$(ledger rev-parse main)" "$head" "$*: nothing is recorded again"
	is "$(find ./*ed pending outbox/strays -name '*.txt' 2>/dev/null)" "" \
	    "and nobody told off"
	trays_equal_ledger
}
key_form acme one 2027-01-01 2027-12-31 | drop one.xml
once DOCKET_NOW=$NOW
decision=approve
crash cp pending/AK-000001.xml approved/
decision=reject
sed -i 's/"AK revoke"/"AK reject"/' docket.conf
once DOCKET_NOW=$NOW
crash mv pending/AK-000001.xml rejected/
fsck_clean
done_testing
