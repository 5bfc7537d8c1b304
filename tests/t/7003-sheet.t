#!/bin/sh
# docket list for other programs: every field of every form, to be entered
# elsewhere: as CSV for a spreadsheet, as JSON.
. "$(dirname "$0")/lib.sh"
make_desk
cat >schemas/leave.xsd <<'END'
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
           xmlns:d="urn:docket:schema:1" xmlns:l="urn:x:leave"
           targetNamespace="urn:x:leave" elementFormDefault="qualified">
  <xs:annotation><xs:appinfo>
    <d:form element="l:leave" prefix="LV" client="l:who" label="l:title"/>
  </xs:appinfo></xs:annotation>
  <xs:element name="leave">
    <xs:complexType><xs:sequence>
      <xs:element name="who" type="xs:string"/>
      <xs:element name="title" type="xs:string"/>
      <xs:element name="name" type="xs:string"/>
      <xs:element name="day" type="xs:string" maxOccurs="unbounded"/>
    </xs:sequence></xs:complexType>
  </xs:element>
</xs:schema>
END
key_form acme "Acme, the \"first\"" 2099-01-01 2099-12-31 |
    sed -e 's/<quota>100/<quota>-1/' \
    -e 's,<api>orders</api>,<api>orders</api><api>stock</api>,' \
    -e 's/What it is for./=HYPERLINK("x")/' | drop key.xml
once
cat <<'END' | drop leave.xml
<leave xmlns="urn:x:leave">
  <who>bob</who><title>Summer</title><name>Bob B.</name>
  <day>1st of May</day><day>2nd of May</day>
</leave>
END
once

"$DOCKET" list --format csv >"$T/all.csv"
is "$(head -1 "$T/all.csv" | tr -d '\r')" \
    "number,state,in_force,client,name,effective,expiry,revision,received,changed,request,form,form:name,quota,description,apis/api,who,title,day" \
    "a column for each field, under the name that the form gives it"

# cell ROW COLUMN: as any reader of CSV has it
cell() {
	python3 - "$T/all.csv" "$1" "$2" <<-'END'
	import csv, sys
	rows = list(csv.DictReader(open(sys.argv[1], newline="")))
	print(rows[int(sys.argv[2])][sys.argv[3]])
	END
}
if command -v python3 >/dev/null; then
	is "$(cell 0 number)" AK-000001 "numbers"
	is "$(cell 0 name)" 'Acme, the "first"' "commas and quotes"
	is "$(cell 0 quota)" -1 "a number stays one"
	is "$(cell 0 apis/api)" "orders stock" \
	    "several APIs are in one cell, with blanks between"
	is "$(cell 0 description)" "'=HYPERLINK(\"x\")" \
	    "what a spreadsheet would calculate is marked as text"
	is "$(cell 1 day)" "1st of May
2nd of May" "several texts have a line each"
	is "$(cell 1 name)" Summer "what the case is called is one thing"
	is "$(cell 1 form:name)" "Bob B." "and a field of that name another"
	is "$(cell 1 quota)" "" "what a form has not is empty"
else
	skip "no python3 here"
fi
is "$("$DOCKET" list --form AK --format csv | head -1 | tr -d '\r')" \
    "number,state,in_force,client,name,effective,expiry,revision,received,changed,request,form,quota,description,apis/api" \
    "only columns of what is listed"
like "$("$DOCKET" list --form AK --format json)" \
    '"path":"apis/api","label":"API","value":"stock"' \
    "JSON has every field too, by path and by name"
exits 1 "nothing" "$DOCKET" list --format csv nothing
is "$OUT" "docket: 1298 - No information found" "is nothing"

# a form of any elements makes no more columns than a spreadsheet takes
cat >schemas/any.xsd <<'END'
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
           targetNamespace="urn:x:any" elementFormDefault="qualified">
  <xs:element name="any">
    <xs:complexType><xs:sequence>
      <xs:any processContents="skip" maxOccurs="unbounded"/>
    </xs:sequence></xs:complexType>
  </xs:element>
</xs:schema>
END
once
for form in 1 2 3 4 5; do
	{
		echo '<any xmlns="urn:x:any">'
		for i in $(seq 250); do
			echo "<e$form-$i>v$form-$i</e$form-$i>"
		done
		echo '</any>'
	} | drop any$form.xml
done
once
"$DOCKET" list --format csv >"$T/all.csv"
if command -v python3 >/dev/null; then
	is "$(python3 -c 'import csv, sys
rows = list(csv.reader(open(sys.argv[1], newline="")))
print({len(r) for r in rows}, rows[0][-1])' "$T/all.csv")" \
	    "{1010} others" "the rest has one column"
	is "$(for i in 2 3 4 5 6; do cell $i others; done | grep -c '=v')" \
	    "$((1250 + 7 - 1000))" "with nothing left out"
fi
done_testing
