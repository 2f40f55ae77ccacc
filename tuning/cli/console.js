'use strict';
// Answers and names become text, never markup: `textContent` alone, and the page's policy lets no string be parsed.
const at = (id) => document.getElementById(id);
const MARKS = {
  blocked: 'Blocked by the guardrail',
  not_known: 'Not known',
  over_budget: 'Over the budget of the day',
  too_many_requests: 'Asked too often',
  unavailable: 'Not available',
  refused: 'Refused',
};
const LIMITED = ['not_known', 'over_budget', 'too_many_requests', 'refused'];
const NO_SERVER = 'The console does not answer: is its command still running? Start it again, and open its new address.';
let waiting = false;
let longest = Infinity;

function el(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

async function asked(address, options) {
  let answer;
  try {
    answer = await fetch(address, { cache: 'no-store', credentials: 'omit', redirect: 'error', ...options });
    return await answer.json();
  } catch {
    return { error: NO_SERVER };
  }
}

async function begin() {
  const state = await asked('state');
  if (state.error) {
    problem(state.error);
    return;
  }
  longest = state.longest_question;
  at('title').textContent = `Assistants of ${state.environment}`;
  document.title = `Assistants of ${state.environment}`;
  at('place').textContent = `${state.region}. Questions go through the private API, as those of tuning ask do.`;
  at('assistant').append(...state.assistants.map((name) => el('option', '', name)));
  if (state.emulated) {
    at('emulated').textContent = `Emulated account: the answers are the emulator's at ${state.emulated}. No model of `
      + 'Amazon Bedrock is asked, and nothing is billed.';
    at('emulated').hidden = false;
  }
  at('question').focus();
}

function problem(text) {
  at('problem').textContent = text;
  at('question').setAttribute('aria-invalid', String(Boolean(text)));
}

function refusal(question) {
  const length = [...question].length;
  if (!at('assistant').value) return 'There is no assistant to ask: reload the page once the console runs.';
  if (!question.trim()) return 'Write a question first.';
  if (length > longest) {
    const most = longest.toLocaleString('en');
    return `The question has ${length.toLocaleString('en')} characters; the limit is ${most}.`;
  }
  return '';
}

function begun(assistant, question) {
  at('empty').hidden = true;
  const text = el('p', 'text', question);
  text.dir = 'auto';
  const heading = el('h2', 'who', `You, to ${assistant}`);
  const exchange = el('article', 'exchange', el('section', 'asked', heading, text));
  at('log').append(exchange);
  exchange.scrollIntoView({ block: 'end' });
  return exchange;
}

function cited(citations) {
  const items = citations.map((each) => el(
    'li', '', el('span', 'number', `[${each.number}]`), el('span', '', `${each.document}, ${each.place}`),
  ));
  return el('section', 'cited', el('h3', '', 'From these documents'), el('ol', '', ...items));
}

function look(said) {
  if (said.error || said.outcome === 'unavailable') return 'failed';
  if (said.outcome === 'blocked') return 'blocked';
  return LIMITED.includes(said.outcome) ? 'limited' : '';
}

function answered(assistant, said) {
  const shown = el('section', `said ${look(said)}`, el('h2', 'who', said.error ? 'Console' : assistant));
  const mark = said.error ? 'Not answered' : MARKS[said.outcome];
  if (mark) shown.append(el('p', 'mark', mark));
  const text = el('p', 'text', said.error || said.answer);
  text.dir = 'auto';
  shown.append(text);
  if (said.cut) shown.append(el('p', 'mark', "Cut here: the assistant's file says how long an answer may be."));
  if (said.citations && said.citations.length) shown.append(cited(said.citations));
  if (!said.error) {
    const facts = [said.guardrail, said.cost, said.budget].map((each) => el('p', '', each));
    shown.append(el('div', 'facts', ...facts));
  }
  return shown;
}

function wait(assistant) {
  const since = Date.now();
  const tell = () => {
    const seconds = Math.round((Date.now() - since) / 1000);
    at('status').textContent = `${assistant} is asked … ${seconds ? `${seconds} s` : ''}`;
  };
  tell();
  const clock = setInterval(tell, 5000);
  return () => {
    clearInterval(clock);
    at('status').textContent = '';
  };
}

async function ask(event) {
  event.preventDefault();
  if (waiting) return;
  const question = at('question').value;
  const assistant = at('assistant').value;
  const refused = refusal(question);
  problem(refused);
  if (refused) {
    at('question').focus();
    return;
  }
  waiting = true;
  at('ask').setAttribute('aria-disabled', 'true');
  const exchange = begun(assistant, question);
  const done = wait(assistant);
  at('question').value = '';
  const said = await asked('questions', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ assistant, question }),
  });
  done();
  exchange.append(answered(assistant, said));
  if (said.error && !at('question').value) at('question').value = question;
  if (said.spent_usd) at('spent').textContent = `This console so far: ${said.spent_usd} US dollars`;
  at('ask').setAttribute('aria-disabled', 'false');
  waiting = false;
  exchange.scrollIntoView({ block: exchange.offsetHeight > at('scroller').clientHeight ? 'start' : 'end' });
}

at('asking').addEventListener('submit', ask);
at('question').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    at('asking').requestSubmit();
  }
});
begin();
