#!/bin/sh
# A round of run --once that follows soon upon one that took long compares the
# names in the trays, and does not read all papers again; what differs by its
# name it finds, all of it.
. "$(dirname "$0")/lib.sh"
make_desk
quick
for n in 1 2 3 4; do
	key_form acme "client $n" | drop "form-$n.xml"
done
exits 0 "four forms" once
is "$(find pending -name 'AK-*.xml' | wc -l)" 4 "and their papers"
is "$(wc -w <.docket/compared)" 3 \
    "it is noted when they were read, how long it took, and in which run"
boot=$(cut -d ' ' -f 3 .docket/compared)

# read_before MS TOOK BOOT
read_before() {
	echo "$(($(date +%s) * 1000 - $1)) $2 $3" >.docket/compared
	cp .docket/compared "$T/compared"
}

# damage: a paper's text is another one
damage() {
	rm -f outbox/strays/AK-000002.xml*
	chmod u+w pending/AK-000002.xml
	echo '<!-- mine -->' >>pending/AK-000002.xml
}

# reads WHAT: a round finds the damage
reads() {
	damage
	exits 0 "$1: a round" once
	ok "reads papers" cmp pending/AK-000002.xml outbox/AK-000002.xml
	file_like outbox/strays/AK-000002.xml mine "and keeps what was written"
}

read_before 60000 60000 "$boot"
damage
rm -f pending/AK-000001.xml
mv pending/AK-000003.xml approved/
cp pending/AK-000004.xml returned/AK-000099.xml
echo hello >revoked/hello.txt
exits 0 "a minute after reading that took a minute" once
ok "what was deleted is put back" cmp pending/AK-000001.xml \
    outbox/AK-000001.xml
ok "a decision is found" test -e outbox/AK-000003.approved.txt
ok "and shown" test -e approved/AK-000003.xml
ok "a paper of no case is put away" test -e outbox/strays/AK-000099.xml
ok "so is what is no paper" test -e outbox/strays/hello.txt
file_like pending/AK-000002.xml mine "papers are not read"
ok "and it stays noted when they were" cmp .docket/compared "$T/compared"

read_before 1210000 60000 "$boot"
reads "twenty times as long after it"
ok "and notes that" sh -c "! cmp -s .docket/compared '$T/compared'"
read_before 5000 999 "$boot"
reads "after reading that was short"
read_before 5000 60000 "another-run"
reads "in another run of the machine"
read_before -60000 60000 "$boot"
reads "when the clock was set back"
echo nonsense >.docket/compared
reads "without a note that can be read"

read_before 5000 60000 "$boot"
damage
start
ok "a daemon reads them when it starts" waitfor there \
    outbox/strays/AK-000002.xml
trays_equal_ledger "the trays show the ledger"
fsck_clean
done_testing
