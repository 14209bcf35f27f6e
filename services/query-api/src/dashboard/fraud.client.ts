import { postJson } from './post.client.js';

/** Sends a verdict. Returns null once Kafka has it, else why not. */
export function sendVerdict(orderId: string, body: { readonly fraud: boolean; readonly decidedBy: string; readonly note?: string }): Promise<string | null> {
  return postJson(`/api/fraud/cases/${encodeURIComponent(orderId)}/verdict`, body, 'The server refused the verdict.');
}
