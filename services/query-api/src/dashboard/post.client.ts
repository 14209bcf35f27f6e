/** Sends JSON. Returns null once the server has it, else why not. */
export async function postJson(path: string, body: unknown, refused: string): Promise<string | null> {
  try {
    const response = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    if (response.ok) return null;
    const { detail, errors } = (await response.json()) as { detail?: string; errors?: readonly { readonly message: string }[] };
    return errors?.[0]?.message ?? detail ?? refused;
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError) return 'The server does not answer.';
    throw error;
  }
}
