import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: string | null;
  /** Headers and text, as they came. */
  readonly raw: string;
}

/** An SMTP server on the loopback that writes down what it gets and refuses what it is told to. */
export class SmtpReceiver {
  readonly mails: ReceivedMail[] = [];
  /** Codes to refuse the next messages with, at their end. */
  readonly refusals: number[] = [];
  private constructor(private readonly server: SMTPServer) {}

  static async start(credentials: { readonly username: string; readonly password: string } | null = null): Promise<SmtpReceiver> {
    const server: SMTPServer = new SMTPServer({
      logger: false,
      authOptional: credentials === null,
      allowInsecureAuth: true,
      disabledCommands: credentials === null ? ['STARTTLS', 'AUTH'] : ['STARTTLS'],
      onAuth: (auth, _session, done) => {
        if (auth.username === credentials?.username && auth.password === credentials?.password) done(null, { user: auth.username });
        else done(Object.assign(new Error('Authentication failed'), { responseCode: 535 }));
      },
      onData: (stream, session, done) => {
        const parts: Buffer[] = [];
        stream.on('data', (part: Buffer) => parts.push(part));
        stream.on('end', () => {
          const refusal = receiver.refusals.shift();
          if (refusal !== undefined) {
            done(Object.assign(new Error('not now'), { responseCode: refusal }));
            return;
          }
          const { mailFrom, rcptTo } = session.envelope;
          receiver.mails.push({ from: mailFrom === false ? '' : mailFrom.address, to: rcptTo.map(({ address }) => address), user: typeof session.user === 'string' ? session.user : null, raw: Buffer.concat(parts).toString('utf8') });
          done();
        });
      },
    });
    const receiver = new SmtpReceiver(server);
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', () => { resolve(); }); });
    return receiver;
  }

  get port(): number {
    return (this.server.server.address() as AddressInfo).port;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => { this.server.close(() => { resolve(); }); });
  }
}
