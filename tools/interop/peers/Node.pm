# SPDX-License-Identifier: MIT
# Node's tls: peer.js.
package Node;
use strict;
use warnings;
use parent 'Program';
use Process;

sub program
{
	my ($self) = @_;

	for my $node ('node', 'nodejs') {
		return ($node, "$self->{here}/peers/peer.js") if Process::output($node, '--version') =~ /^v/;
	}
	return;
}

1;
