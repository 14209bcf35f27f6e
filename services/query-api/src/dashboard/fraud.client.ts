/** Sends a verdict. Returns null once Kafka has it, else why not. */
export async function sendVerdict(orderId: string, body: { readonly fraud: boolean; readonly decidedBy: string; readonly note?: string }): Promise<string | null> {
  try {
    const response = await fetch(`/api/fraud/cases/${encodeURIComponent(orderId)}/verdict`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    if (response.ok) return null;
    const { detail } = (await response.json()) as { detail?: string };
    return detail ?? 'The server refused the verdict.';
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError) return 'The server does not answer.';
    throw error;
  }
}
