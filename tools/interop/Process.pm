# SPDX-License-Identifier: MIT
#
# A program that one talks to: standard input by lines, output and errors together.
package Process;
use strict;
use warnings;
use IO::Handle;
use IO::Select;
use POSIX qw(WNOHANG);
use Socket;
use Time::HiRes qw(time sleep);

$SIG{PIPE} = 'IGNORE';

sub start
{
	my ($class, $command, %self) = @_;

	pipe my $from_me, my $in or die "pipe: $!\n";
	pipe my $out, my $to_me or die "pipe: $!\n";
	my $pid = fork // die "fork: $!\n";
	if ($pid == 0) {
		chdir $self{cwd} or die "$self{cwd}: $!\n" if defined $self{cwd};
		open STDIN, '<&', $from_me;
		open STDOUT, '>&', $to_me;
		open STDERR, '>&', $to_me;
		exec @$command or die "$command->[0]: $!\n";
	}
	$in->autoflush(1);
	$out->blocking(0);
	return bless { %self, command => $command, pid => $pid, in => $in, out => $out, text => '' }, $class;
}

sub say_to
{
	my ($self, $text) = @_;

	syswrite $self->{in}, $text if $self->{in};
}

sub end_input
{
	my ($self) = @_;

	close $self->{in} if $self->{in};
	$self->{in} = undef;
}

# Reads what there is; false at its end.
sub _read
{
	my ($self) = @_;
	my $n = sysread $self->{out}, my $piece, 65536;

	return 1 if !defined $n && $!{EAGAIN};
	if (!$n) {
		close $self->{out};
		$self->{out} = undef;
		return 0;
	}
	$self->{text} .= $piece;
	$self->{heard}->($self, $piece) if $self->{heard};
	return 1;
}

# Listens to all of them until the condition holds; false when the time is over, or when
# none of them says anything more.
sub wait_for
{
	my ($seconds, $condition, @all) = @_;
	my $end = time + $seconds;

	while (!$condition->()) {
		my %by = map { fileno($_->{out}) => $_ } grep { $_->{out} } @all;
		my $left = $end - time;

		return 0 if !%by || $left <= 0;
		my $select = IO::Select->new(map { $_->{out} } values %by);
		$by{ fileno $_ }->_read for $select->can_read($left < 0.2 ? $left : 0.2);
	}
	return 1;
}

sub ended
{
	my ($self) = @_;

	return 1 if defined $self->{status};
	return 0 if waitpid($self->{pid}, WNOHANG) == 0;
	$self->{status} = $?;
	1 while $self->{out} && $self->_read && $self->_waiting;
	return 1;
}

# Its output is closed: it may take a moment until it is gone.
sub wait_ended
{
	my ($self, $seconds) = @_;
	my $end = time + $seconds;

	sleep 0.005 while !$self->ended && time < $end;
	return $self->ended;
}

sub _waiting { my ($self) = @_; return IO::Select->new($self->{out})->can_read(0) }

sub stop
{
	my ($self) = @_;

	$self->end_input;
	return if $self->ended;
	kill 'TERM', $self->{pid};
	for (1 .. 20) {
		return if $self->ended;
		sleep 0.02;
	}
	kill 'KILL', $self->{pid};
	waitpid $self->{pid}, 0;
	$self->{status} = $?;
}

# The pattern that the tests send: each line is its offset.
sub pattern
{
	my ($offset, $bytes) = @_;

	return join '', map { sprintf "%015d\n", $offset + 16 * $_ } 0 .. $bytes / 16 - 1;
}

# The whole lines of it that came since the last call.
sub new_lines
{
	my ($self) = @_;
	my $lines = '';

	pos($self->{text}) = $self->{seen} // 0;
	while ($self->{text} =~ /\G(.*\n)/gc) {
		my $line = $1;

		$lines .= $1 if $line =~ /(\d{15}\n)\z/;
	}
	$self->{seen} = pos($self->{text}) // $self->{seen};
	return $lines;
}

sub free_port
{
	socket my $s, PF_INET, SOCK_STREAM, 0 or die "socket: $!\n";
	bind $s, sockaddr_in(0, INADDR_LOOPBACK) or die "bind: $!\n";
	return (sockaddr_in(getsockname $s))[0];
}

# Whether somebody listens; asking by connect would be a connection to it.
sub listens
{
	my ($port) = @_;
	my $hex = sprintf ':%04X', $port;

	for my $file ('/proc/net/tcp', '/proc/net/tcp6') {
		open my $f, '<', $file or next;
		while (<$f>) {
			return 1 if /^\s*\d+: [0-9A-F]+$hex [0-9A-F]+:0000 0A/;
		}
	}
	return 0;
}

sub wait_listening
{
	my ($self, $port, $seconds) = @_;
	my $end = time + $seconds;

	until (listens($port)) {
		return 0 if time > $end || $self->ended;
		sleep 0.01;
	}
	return 1;
}

# What a command prints, errors too; '' where it doesn't exist.
sub output
{
	my $pid = open(my $f, '-|') // die "fork: $!\n";

	if ($pid == 0) {
		open STDERR, '>&', \*STDOUT;
		open STDIN, '<', '/dev/null';
		exec @_ or exit 127;
	}
	local $/;
	my $text = <$f> // '';
	close $f;
	return $? >> 8 == 127 ? '' : $text;
}

sub succeeds
{
	output(@_);
	return $? == 0;
}

1;
