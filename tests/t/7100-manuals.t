#!/bin/sh
# The manual pages: nothing that the program has is left out, nothing that it
# has not is promised, and the examples work.
. "$(dirname "$0")/lib.sh"
DOCKET1=$SRC/src/docket.1
CONF5=$SRC/src/docket.conf.5
LEDGER5=$SRC/src/docket-ledger.5
FORMS7=$SRC/src/docket-forms.7
PORTAL7=$SRC/src/docket-portal.7
CHECK8=$SRC/src/docket-check.8

if command -v mandoc >/dev/null; then
	for page in "$DOCKET1" "$CONF5" "$LEDGER5" "$FORMS7" "$PORTAL7" \
	    "$CHECK8"; do
		ok "${page##*/} is lint-clean" mandoc -T lint -W warning \
		    "$page"
	done
else
	skip "no mandoc here"
fi

# between PAGE WHAT: what stands between the marks of a generated table
between() {
	sed -n "/^\.\\\\\" tables $2: begin/,/^\.\\\\\" tables $2: end/p" "$1" |
	    grep -v -e '^\.\\"' -e '^\.Bl' -e '^\.El' \
	    -e '^\.It Sy From' -e '^\.It Sy Call'
}

is "$(between "$FORMS7" states)" "$(tables states)" \
    "the life of a case is the program's"
is "$(between "$FORMS7" faults)" "$(tables faults)" \
    "the fault codes are the program's"
is "$(between "$LEDGER5" events)" "$(tables events)" \
    "the events are the program's"
is "$(between "$CHECK8" calls)" "$(tables calls)" \
    "the system calls that a worker may make are the program's"
is "$(sed -n '/^\.Sh MESSAGES/,/^\.Ss EVENTS/s/^\.It Sy //p' "$LEDGER5")" \
    "$(sed -n 's/^	{ "\([A-Z][A-Za-z0-9-]*\)", get_.*/\1/p' \
    "$SRC/src/form/decode.c")" "the trailers are the program's"

# docket.conf

# keys with what the page gives as their defaults: section key [value]
documented_keys() {
	awk '/^\.Sh/ { section = "" }
	    /^\.Ss \[/ { section = $2; gsub(/[][]|\\.*/, "", section) }
	    section != "" && /^\.It Ic/ {
		value = ""
		if (match($0, /default: Li /))
			value = " " substr($0, RSTART + RLENGTH)
		print section, tolower($3) value
	    }' "$CONF5"
}
is "$(documented_keys | cut -d' ' -f1,2 | sort)" \
    "$(tables settings | cut -d' ' -f1,2 | sort)" "every key has its place"
for key in $(documented_keys | awk 'NF > 2 { print $1 "." $2 }'); do
	value=$(documented_keys | awk -v key="$key" \
	    '$1 "." $2 == key { sub(/^[^ ]* [^ ]* /, ""); print }')
	ok "the default of $key is $value" tables default "${key%.*}" \
	    "${key#*.}" "$value"
done
not_ok "which is a test" tables default inbox settle 3s

# docket

commands=$("$DOCKET" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p')
is "$(sed -n '/^\.Sh COMMANDS/,/^\.Sh DECISIONS/s/^\.Ss //p' "$DOCKET1")" \
    "$commands" "every command has its place"
for command in $commands; do
	section=$(sed -n "/^\.Ss $command\$/,/^\.S[sh] /p" "$DOCKET1" |
	    sed '1s/.*//; $s/.*//')
	usage=$("$DOCKET" "$command" --help)
	is "$(echo "$section" |
	    sed -nE 's/^\.It Fl (. , )?-([a-z-]+).*/--\2/p' | sort)" \
	    "$(echo "$usage" | grep -oE -e '--[a-z][a-z-]+' | sort -u)" \
	    "$command: the long options"
	for letter in $(echo "$usage" | sed -nE 's/^  -(.), --.*/\1/p'); do
		like "$section" "^\.It Fl $letter , -" "$command -$letter"
	done
	# the names of the options in the page are options
	for option in $(echo "$section" |
	    sed -nE 's/^\.It Fl (. , )?-([a-z-]+)( Ar .*)?$/--\2\3/p' |
	    sed -E 's/ Ar .*/=x/'); do
		OUT=$("$DOCKET" "$command" "$option" --help 2>&1)
		unlike "$OUT" "is not an option" "$command $option"
	done
done

# example PAGE KIND: the text of the examples that are marked so
example() {
	awk -v mark=".\\\\\" $2" '$0 == mark { on = 1; next }
	    on == 1 && /^\.Bd/ { on = 2; next }
	    /^\.Ed/ { on = 0 }
	    on == 2 { gsub(/\\e/, "\\"); print }' "$1"
}

# The examples of settings are valid.
for conf in one.conf office.conf signers.conf; do
	example "$CONF5" "conf: $conf" >"$T/$conf"
	ok "$conf has something in it" test -s "$T/$conf"
	ok "$conf is valid" tables parse "$T/$conf"
done
printf '[desk]\nid = x\n[inbox]\nsettel = 1s\n' >"$T/wrong.conf"
not_ok "which is a test" tables parse "$T/wrong.conf"

# run_commands PAGE NAME STATUSES [once]: runs the commands of examples, one
# after the other in one shell; between them the desk does what there is to do
run_commands() {
	{
		cat <<-END
		DESK=$DESK
		step() {
			case \$? in
			$3) ;;
			*) echo "exit \$?, before \$2"; exit 1 ;;
			esac
			[ -z "\${1:-}" ] || [ ! -d "\$DESK" ] ||
			    docket run --once "\$DESK" >/dev/null || exit 1
		}
		END
		example "$1" "shell: $2" | sed -e '/^\$ docket run desk$/d' \
		    -e "s,/srv/forms,$DESK," | awk -v once="${4:-}" '
			/^\$ / { if (n++) print "step \"" once "\" " NR; $0 = substr($0, 3) }
			{ print }
			END { print "step \"" once "\" end" }'
	} >"$T/$2.sh"
	sh "$T/$2.sh"
}

cd "$T" || exit 1
ok "the tour of docket(1)" run_commands "$DOCKET1" tour '0|4|123' once
cd "$DESK" || exit 1
is "$(ledger log --reverse --format=%s | sed 1d | cut -d: -f1)" \
    "AK-000001 received
AK-000001 approved
AK-000001 revoked
AK-000002 received
AK-000002 approved
AK-000002 change asked
AK-000002 change returned
AK-000003 received
AK-000003 approved" "does what it says"
like "$(ledger log --format=%b --grep='AK-000001 revoked')" "no longer sold" \
    "with the note"
file_like waiting.csv "^AK-000003,pending,.*Acme kiosk" "the spreadsheet"

ok "the commands of docket-ledger(5)" run_commands "$LEDGER5" ledger 0
cd ledger.git || exit 1
run_commands "$LEDGER5" ledger-digest 0 | cut -c-64 >"$T/digests"
is "$(wc -l <"$T/digests" | tr -d ' ')" 4 "four digests"
is "$(sed -n '1p;3p' "$T/digests")" "$(sed -n '2p;4p' "$T/digests")" \
    "two and two the same"
cd .. || exit 1
echo "rubbish" >approved/AK-000003.xml
not_ok "a tray that does not show the ledger is found out" run_commands \
    "$LEDGER5" ledger 0
ok "the commands for making anew" run_commands "$LEDGER5" ledger-rebuild 0
trays_equal_ledger "the trays show the ledger again"
mkdir "$T/copy" && cd "$T/copy" || exit 1
ok "the commands for a copy" run_commands "$LEDGER5" ledger-copy 0
ok "the commands for a desk from a copy" run_commands "$LEDGER5" \
    ledger-restore 0
papers_in() {
	(cd "$1" && find pending approved returned rejected revoked -type f | sort)
}
is "$(papers_in desk)" "$(papers_in "$DESK")" \
    "which has the same trays"
exits 0 "and works" "$DOCKET" run --once desk
is "$(echo "$OUT" | tail -1)" \
    "0 received, 0 refused, 0 decided, 0 undone; 0 commits" \
    "with nothing to do"
ok "and the receipts are there again" test -e desk/outbox/AK-000003.approved.txt
git -C "$DESK/ledger.git" update-ref refs/heads/main \
    "$(git -C "$DESK/ledger.git" rev-parse main~1)"
not_ok "the copy takes no history that was cut" git -C copy.git fetch -q
git -C "$DESK/ledger.git" update-ref refs/heads/main \
    "$(git -C "$DESK/ledger.git" -c user.name=x -c user.email=x commit-tree \
    -p main~1 -m forged 'main^{tree}')"
not_ok "nor one that was rewritten" git -C copy.git fetch -q

# The office of signers in docket.conf(5), and what proves it.
if command -v ssh-keygen >/dev/null; then
	DESK=$T/signers
	make_desk
	HOME=$T/home
	export HOME
	mkdir -p "$HOME"
	sed -e "s/id = .*/$(grep 'id = ' docket.conf)/" -e '/user = /d' \
	    "$T/signers.conf" >"$T/new.conf"
	cp "$T/new.conf" docket.conf
	ok "the keys of docket.conf(5)" run_commands "$CONF5" signers 0
	once
	is "$(ls ./*.refused.txt 2>/dev/null)" "" "the rules are taken"
	ok "the signatures of docket.conf(5)" run_commands "$CONF5" signing 0 \
	    once
	is "$(trailer Decided-by | sed 's/ ([^)]*)//g')" "carol,alice" \
	    "two have approved it"
	cp "$HOME/keys/bob.pub" "$T/bob.pub"
	ok "bob's key is good so far" ssh-keygen -Q -f revoked_keys \
	    "$T/bob.pub"
	ok "the revocation of docket.conf(5)" run_commands "$CONF5" revoking 0
	once
	is "$(trailer Event)" "rules" "takes effect"
	is "$(trailer Decided-by | sed 's/ ([^)]*)//g')" "alice,carol" \
	    "by two"
	ledger show main:revoked_keys >"$T/revoked"
	not_ok "bob's key is revoked" ssh-keygen -Q -f "$T/revoked" \
	    "$T/bob.pub"
	git clone -q --bare ledger.git "$T/signed.git"
	cd "$T/signed.git" || exit 1
	ok "the proofs of docket-ledger(5)" run_commands "$LEDGER5" \
	    ledger-signature 0
	cd "$T" || exit 1
else
	skip "no ssh-keygen here"
fi

# The day after of docket-portal(7).
DESK=$T/portal
make_desk
example "$PORTAL7" "conf: portal.conf" >"$T/levels.conf"
sed -e "s/user = alice/user = $(id -u)/" -e '/user = bob/d' \
    "$T/levels.conf" | { printf '[desk]\n\tid = x\n'; cat; } >"$T/portal.conf"
ok "the levels of docket-portal(7) are valid" tables parse "$T/portal.conf"
key_form acme "While it was down" | drop key.xml
once
mv pending/AK-000001.xml approved/
once
ok "the lists and the end of docket-portal(7)" run_commands "$PORTAL7" \
    portal '0|1|4' once
once
head=$(head -1 approved.csv | tr -d '\r')
for column in $(sed -n 's/^\.It .* Ta Li \([a-z/]*\).*/\1/p' "$PORTAL7"); do
	like ",$head," ",$column," "approved.csv has $column"
done
file_like approved.csv "While it was down" "and the application"
is "$(cat pending.csv)" "" "nothing waits"
like "$(ledger log -1 --format=%B)" "^AK-000001 revoked|^Entered into the portal" \
    "the key has ended, and why"

# The forms and schemas of docket-forms(7).
DESK=$T/forms
make_desk
for file in key.xml leave.xsd leave.xml; do
	example "$FORMS7" "file: $file" >"$T/$file"
	ok "$file has something in it" test -s "$T/$file"
done
cp "$T/leave.xsd" schemas/
exits 0 "its forms are good" "$DOCKET" check "$T/key.xml" "$T/leave.xml"
sed -e 's/from>/x>/g; s/until>/from>/g; s/x>/until>/g' "$T/leave.xml" |
    awk '/until/ { last = $0; next } { print } /from/ { print last }' \
    >"$T/bad.xml"
exits 1 "with the days exchanged it is not" "$DOCKET" check "$T/bad.xml"
like "$OUT" "$(sed -n 's/^  2010 - /2010 - /p' "$FORMS7")" "as the page says"
cp "$T/leave.xml" inbox/
once
ok "the prefix is that of the schema" test -e pending/LV-000001.xml
done_testing
