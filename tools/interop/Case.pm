# SPDX-License-Identifier: MIT
#
# One combination, and how it is tried: `role` is the peer's, ours the other.
package Case;
use strict;
use warnings;
use JSON::PP;
use Process;

our @features = qw(plain large alpn sni hello-retry ticket session-id client-cert client-cert-none
	client-cert-missing update-ours update-ours-request update-peer update-peer-request
	record-size-limit cookie padding);
my %only13 = map { $_ => 1 } qw(hello-retry update-ours update-ours-request update-peer
	update-peer-request cookie padding);
my $block = 1600;
my $large = 4 << 20;

# What can't be together, whoever the peer is.
sub impossible
{
	my ($role, $dim, $value, $other, $with) = @_;

	return 1 if $dim eq 'version' && $value eq '1.2' && $other eq 'feature' && $only13{$with};
	return 1 if $dim eq 'version' && $value eq '1.3' && $other eq 'feature' && $with eq 'session-id';
	return 1 if $dim eq 'version' && $value eq '1.2' && $other eq 'cipher' && $with eq 'AES-128-CCM';
	# A cookie is asked by our server.
	return $role eq 'server' && $dim eq 'feature' && $value eq 'cookie';
}

sub new
{
	my ($class, %self) = @_;
	my $self = bless \%self, $class;
	my $feature = $self->{feature};

	$self->{connections} = $feature =~ /^(ticket|session-id)$/ ? 2 : 1;
	# Not every server finds a wildcard; ours must.
	$self->{server_name} = $feature ne 'sni' ? 'localhost' : $self->{role} eq 'server' ?
	    'www.interop.example' : 'other.interop.example';
	$self->{identity} = "server-$self->{certificate}";
	$self->{shown} = $feature eq 'sni' ? "exact-$self->{certificate}" : $self->{identity};
	$self->{client_auth} = $feature eq 'client-cert-none' ? 'request' : 'require' if $feature =~ /^client-cert/;
	$self->{client} = "client-$self->{certificate}" if $feature eq 'client-cert';
	$self->{patience} = $feature eq 'large' ? 60 : 20;
	$self->{refused} = $feature eq 'client-cert-missing';
	$self->{peer_alpn} = [ 'http/1.1' ] if $feature eq 'alpn';
	$self->_choose;
	return $self;
}

# Who leaves the other no choice.
sub _choose
{
	my ($self) = @_;
	my ($peer, $group) = @{$self}{qw(peer group)};
	my $all = $self->{has_groups};
	my $other = $group eq 'X25519' ? 'P-256' : 'X25519';
	my $by_peer = $self->{chooser} eq 'peer';

	$self->{peer_cipher} = $by_peer && $peer->restricts($self, 'cipher');
	if ($self->{feature} eq 'hello-retry' || ($self->{feature} eq 'cookie' && $peer->can('needs_group'))) {
		my ($client, $server) = ([ $other, $group ], [ $group ]);

		($self->{peer_groups}, $self->{our_groups}) = $self->{role} eq 'client' ? ($client, $server) :
		    ($server, $client);
		return;
	}
	# In TLS 1.2 the groups are also the curves of ECDSA keys (RFC 8422 5.1.1), to some peers their own.
	my $curve = $self->{version} eq '1.2' && $self->{certificate} =~ /^ECDSA-(.*)/ ? $1 : undef;
	if (defined $curve && $peer->restricts($self, 'groups')) {
		$self->{our_groups} = $self->{peer_groups} = [ $group, $curve ne $group ? $curve : () ];
		return;
	}
	$self->{group} = $group = $curve if defined $curve && $self->{client};
	$by_peer = $self->{role} eq 'server' if defined $curve;
	$by_peer = 0 if !$peer->restricts($self, 'group');
	$self->{peer_groups} = $by_peer ? [ $group ] : $all;
	$self->{our_groups} = $by_peer ? undef :
	    [ $group, defined $curve && $self->{role} eq 'server' && $curve ne $group ? $curve : () ];
}

sub values
{
	my ($self) = @_;

	return map { $_ => $self->{$_} } qw(name role version cipher group certificate feature chooser);
}

sub title
{
	my ($self) = @_;

	return "$self->{name} $self->{role}: TLS $self->{version}, $self->{cipher}, $self->{group}, " .
	    "$self->{certificate}, $self->{feature}, " . ($self->{chooser} eq 'peer' ? 'it chooses' : 'we choose');
}

sub _our_steps
{
	my ($self) = @_;
	my $feature = $self->{feature};
	my $update = $feature =~ /^update-ours(-request)?$/ ? 'update' . ($1 // '') : undef;

	if ($self->{role} eq 'server') {
		return "echo=$large" if $feature eq 'large';
		return join ',', "echo=$block", $update // (), "echo=$block", $update // (), "echo=$block";
	}
	my $steps = $self->{peer}->can('steps') && $self->{peer}->steps($self);
	return $steps if $steps;
	return 'serve' if !defined $update;
	return join ',', ("recv=$block", $update, "send=$block") x 2;
}

# The options of ktls_peer, and what its facts must be.
sub _ours
{
	my ($self, $pki) = @_;
	my ($feature, $we) = ($self->{feature}, $self->{role} eq 'server' ? 'client' : 'server');
	my $resumed = $self->{connections} > 1;
	my @options = ($we, '--versions', $self->{version}, '--connections', $self->{connections},
		'--trust', "$pki/root.pem");
	my %expect = (version => $self->{version}, cipher => $self->{cipher});

	# AES-128-CCM isn't among what we offer by ourselves.
	push @options, '--groups', join ':', @{ $self->{our_groups} } if $self->{our_groups};
	push @options, '--ciphers', $self->{cipher} if !$self->{peer_cipher} || $self->{cipher} =~ /CCM/;
	$expect{group} = $self->{group} if !$resumed || $self->{version} eq '1.3';
	$expect{resumed} = $resumed ? 'false|true' : 'false';
	$expect{alpn} = $feature eq 'alpn' ? 'http/1.1' : 'null';
	push @options, '--alpn', 'h2:http/1.1' if $feature eq 'alpn';
	# gnutls-cli sends one record of a line, and forgets what doesn't fit.
	push @options, '--record-size-limit', $we eq 'server' ? 2000 : 600 if $feature eq 'record-size-limit';
	push @options, '--padding', 512 if $feature eq 'padding';
	push @options, '--retry' if $feature eq 'cookie';
	if ($we eq 'client') {
		push @options, '--server-name', $self->{server_name};
		push @options, '--identity', _identity($pki, $self->{client}, $self) if $self->{client};
		push @options, '--sessions' if $resumed;
		$expect{peer} = $self->{shown} if !$ENV{NOPEER};
	} else {
		my @identities = $feature eq 'sni' ? map { "$_-$self->{certificate}" } qw(server exact wildcard) :
		    ($self->{identity});

		push @options, map { ('--identity', _identity($pki, $_, $self)) } @identities;
		push @options, '--client-auth', $self->{client_auth} if $self->{client_auth};
		push @options, $feature eq 'session-id' ? '--sessions' : '--tickets' if $resumed;
		$expect{peer} = $self->{client} // 'null';
		$expect{server_name} = $self->{server_name} if $feature eq 'sni';
	}
	if ($self->{refused}) {
		# Later than the ServerHello, or it is for another reason.
		%expect = map { $_ => $expect{$_} } 'version', 'cipher';
		$expect{alert} = $we eq 'client' && $self->{peer}->can('alert') ? $self->{peer}->alert($self) :
		    $self->{version} eq '1.3' ? 'certificate_required' : 'handshake_failure';
	}
	return (@options, map { ('--expect', "$_=$expect{$_}") } sort keys %expect);
}

sub _identity
{
	my ($pki, $name, $self) = @_;

	return "$pki/$name.chain.pem:$pki/$self->{certificate}.key";
}

my %schemes = (
	'ECDSA-P-256' => qr/^ecdsa_secp256r1_sha256$/,
	'ECDSA-P-384' => qr/^ecdsa_secp384r1_sha384$/,
	'ECDSA-P-521' => qr/^ecdsa_secp521r1_sha512$/,
	'Ed25519' => qr/^ed25519$/,
	'RSA' => qr/^rsa_pss_rsae_/,
	'RSA-PSS' => qr/^rsa_pss_pss_/,
);
my %schemes12 = (
	RSA => qr/^rsa_(pkcs1|pss_rsae)_/,
	map { $_ => qr/^ecdsa_/ } qw(ECDSA-P-256 ECDSA-P-384 ECDSA-P-521),
);

# What is wrong with a connection's facts, beyond --expect.
sub _judge
{
	my ($self, @facts) = @_;

	return 'facts of ' . @facts . " connections, not $self->{connections}\n"
	    if @facts != $self->{connections};
	my $kind = $self->{certificate};
	my $wanted = $self->{version} eq '1.2' && $schemes12{$kind} || $schemes{$kind};
	my $scheme = $facts[0]{scheme} // 'none';
	# Known when the handshake was done, which it wasn't.
	return '' if $self->{refused} && $scheme eq 'none';
	return $scheme =~ $wanted ? '' : "signed with $scheme\n";
}

# What our program says, once it is done.
sub _end
{
	my ($self, $ours) = @_;

	Process::wait_for($self->{patience}, sub { !$ours->{out} }, $ours);
	return "ours doesn't end\n" if !$ours->wait_ended(2);
	my @facts = map { /^\{"connection/ ? decode_json($_) : () } split /\n/, $ours->{text};
	my $why = $self->_judge(@facts);

	$why .= "ours ends with status $ours->{status}\n" if $ours->{status} != 0;
	return $why;
}

sub _shown
{
	my @shown;

	for (@_) {
		my @lines = grep { !/^\d{15}$/ } split /\n/, $_->{text};

		@lines = @lines[-40 .. -1] if @lines > 40;
		push @shown, "$_->{name}: @{ $_->{command} }", map { '  ' . substr(s/[^ -~\t]/?/gr, 0, 400) } @lines;
	}
	return join '', map { "$_\n" } @shown;
}

sub _against_server
{
	my ($self, $build, $pki, $tmp, $all) = @_;
	my $port = Process::free_port();
	my $how = $self->{peer}->server($self, $port);
	my $peer = Process->start($how->{command}, name => 'its server', heard => $how->{heard}, cwd => $how->{cwd});
	push @$all, $peer;

	return "it doesn't listen\n" if !$peer->wait_listening($port, $self->{patience});
	my $ours = Process->start([ "$build/ktls_peer", $self->_ours($pki), '--port', $port,
	    '--do', $self->{refused} ? 'drain' : $how->{steps} // $self->_our_steps ], name => 'our client');
	push @$all, $ours;
	Process::wait_for($self->{patience}, sub { !$ours->{out} }, $ours, $peer);
	my $why = $self->_end($ours);
	Process::wait_for(0.05, sub { 0 }, $peer);
	$peer->stop;
	$why .= $self->{peer}->complaint('server', $self, $peer->{text}) if $why eq '' && !$self->{refused};
	return $why;
}

# Block by block: writes one, waits until it has come back.
sub _converse
{
	my ($self, $peer, $ours, $how) = @_;
	my ($pieces, $size) = $self->{feature} eq 'large' ? ($large / 65536, 65536) : (2, $block);

	for my $i (0 .. $pieces - 1) {
		my ($wanted, $got) = (Process::pattern($i * $size, $size), '');

		if ($i == 1 && defined $how->{between}) {
			$peer->say_to($how->{between});
			Process::wait_for(5, sub { $peer->{text} =~ $how->{between_says} }, $peer, $ours)
			    or return "it doesn't say $how->{between_says}\n";
		}
		# A pipe holds 64 KiB, and this may be all of it: it empties while we write.
		$peer->say_to($wanted);
		Process::wait_for($self->{patience}, sub { $got .= $peer->new_lines; length $got >= $size }, $peer, $ours);
		return "block $i: " . length($got) . " bytes of $size come back\n" if length $got < $size;
		return "block $i comes back changed\n" if $got ne $wanted;
	}
	return '';
}

sub _against_client
{
	my ($self, $build, $pki, $tmp, $all) = @_;
	my $ours = Process->start([ "$build/ktls_peer", $self->_ours($pki), '--do', $self->_our_steps ],
		name => 'our server');
	push @$all, $ours;

	return "ours doesn't listen\n" if !Process::wait_for($self->{patience}, sub { $ours->{text} =~ /"port":(\d+)/ }, $ours);
	my ($port) = $ours->{text} =~ /"port":(\d+)/;
	my $how = $self->{peer}->client($self, $port);
	my $text = '';
	for my $command (@{ $how->{commands} }) {
		my $peer = Process->start($command, name => 'its client', cwd => $how->{cwd});
		push @$all, $peer;

		my $why = $how->{alone} || $self->{refused} ? '' : $self->_converse($peer, $ours, $how);
		if (!$self->{refused}) {
			$peer->say_to($how->{bye}) if defined $how->{bye};
		}
		$peer->end_input if !defined $how->{bye} || $self->{refused};
		Process::wait_for($self->{patience}, sub { !$peer->{out} }, $peer, $ours);
		$peer->stop;
		$text .= $peer->{text};
		if ($why ne '') {
			Process::wait_for(0.5, sub { !$ours->{out} }, $ours);
			return $why;
		}
	}
	my $why = $self->_end($ours);
	return $why . ($why eq '' && !$self->{refused} ? $self->{peer}->complaint('client', $self, $text) : '');
}

# '' or why not, with what both have said.
sub run
{
	my ($self, $build, $pki, $tmp) = @_;
	my @all;

	$self->{tmp} = $tmp;
	my $why = $self->{role} eq 'server' ? $self->_against_server($build, $pki, $tmp, \@all) :
	    $self->_against_client($build, $pki, $tmp, \@all);
	$_->stop for @all;
	return $why eq '' ? '' : $why . _shown(@all);
}

1;
