# signers.sh: keys, and who signs with them. Sourced after lib.sh.
# shellcheck shell=sh disable=SC2034

# key NAME [TYPE]
key() {
	ssh-keygen -q -t "${2:-ed25519}" -N '' -C "$1" -f "$T/$1"
}

# signer NAME [OPTIONS [KEY]]: a line of allowed_signers
signer() {
	printf '%s %s%s\n' "$1" "${2:+$2 }" \
	    "$(cut -d' ' -f1,2 "$T/${3:-$1}.pub")"
}

# fingerprint KEY
fingerprint() {
	ssh-keygen -l -f "$T/$1.pub" | cut -d' ' -f2
}

# sign KEY DECISION PAPER: leaves PAPER.sig
sign() {
	waitfor gone "$3.sig" # of whoever signed before
	ssh-keygen -q -Y sign -f "$T/$1" -n "$2@docket" "$3" 2>/dev/null
}

# at TIME: a round of the desk at that time
at() {
	once DOCKET_NOW="$1"
}
