const SECRET = 'a secret does not stand in the file: use';

/** What Alertmanager 0.34 has and Millrace does not, by field, with what to do; the field's name is what the user looks for. */
const REASONS: Readonly<Record<string, string>> = {
  api_url: `${SECRET} api_url_file`,
  slack_api_url: `${SECRET} slack_api_url_file`,
  app_token: `${SECRET} app_token_file`,
  slack_app_token: `${SECRET} slack_app_token_file`,
  auth_password: `${SECRET} auth_password_file`,
  smtp_auth_password: `${SECRET} smtp_auth_password_file`,
  http_config: 'Millrace signs webhooks instead (millrace.signing_secrets) and takes no proxy; remove it',
  title: 'Go templates are not supported: Millrace writes the message; remove it',
  text: 'Go templates are not supported: Millrace writes the message; remove it',
  html: 'Go templates are not supported: Millrace writes the message; remove it',
  tracing: 'Millrace does not export traces of its own; remove it',
};

const INTEGRATIONS = /^(discord|incidentio|jira|mattermost|msteams|msteamsv2|opsgenie|pagerduty|pushover|rocketchat|sns|telegram|victorops|webex|wechat)_configs$/;

/** Why a field is refused. */
export function refusalOf(field: string): string {
  const integration = INTEGRATIONS.exec(field)?.[1];
  if (integration !== undefined) return `Alertmanager delivers to ${integration}, Millrace does not: it has webhook_configs, slack_configs and email_configs`;
  return REASONS[field] ?? 'is not supported; see docs/alerting.md for what is';
}
