# A message that Postferry handed over twice is filed once.
#
# Delivery by LMTP has one gap: when the connection breaks after the message was sent and before the server answered,
# nobody knows whether it was filed. Postferry then sends it again, rather twice than lost, and both copies carry the
# same X-Postferry-Id. This script drops the second one. Message-ID would be no test: mailing lists send real copies.
#
# With Dovecot and Pigeonhole: put it where all users' mail passes it first,
#   plugin {
#     sieve_before = /etc/dovecot/sieve-before.d/postferry-duplicate.sieve
#   }
# compile it (sievec), and see that mail_plugins of protocol lmtp has sieve. Two days are the most that Pigeonhole keeps ids
# for by default (sieve_duplicate_max_period). The built-in delivery agent needs nothing: it finds its own files by their
# names.
require ["duplicate"];

if duplicate :header "X-Postferry-Id" :handle "postferry" :seconds 172800 {
    discard;
    stop;
}
