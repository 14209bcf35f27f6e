import { render } from 'preact';
import { App } from './app.js';
import './styles/base.css';
import './styles/panels.css';
import './styles/explain.css';
import './styles/fraud.css';
import './styles/alert.css';
import './styles/history.css';

const root = document.getElementById('app');
if (root !== null) render(<App />, root);
