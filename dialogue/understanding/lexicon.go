package understanding

// The words the reader of dates and people knows, folded: no accents, no capitals. To teach it a word, add it here and an
// example to the tests.

var months = words[int]{
	1: "enero ene janeiro january jan", 2: "febrero feb fevereiro february", 3: "marzo marco march",
	4: "abril abr april apr", 5: "mayo maio may", 6: "junio jun junho june", 7: "julio jul julho july",
	8: "agosto ago august aug", 9: "septiembre setiembre sep sept set setembro september",
	10: "octubre oct outubro october", 11: "noviembre nov novembro november",
	12: "diciembre dic dezembro december dec",
}.index()

// Portuguese names such as "segunda" are ordinals in Spanish: only those that are nothing else stand here.
var weekdays = words[int]{
	0: "domingo dom sunday", 1: "lunes lun monday", 2: "martes terca tuesday", 3: "miercoles mie wednesday",
	4: "jueves jue thursday", 5: "viernes vie sexta friday", 6: "sabado sab saturday",
}.index()

var numberWords = words[int]{
	0: "cero zero", 1: "un una uno primero primer um uma one first", 2: "dos dois duas two", 3: "tres three",
	4: "cuatro quatro four", 5: "cinco five", 6: "seis six", 7: "siete sete seven", 8: "ocho oito eight",
	9: "nueve nove nine", 10: "diez dez ten", 11: "once eleven", 12: "doce doze twelve", 13: "trece treze", 14: "catorce quatorze",
	15: "quince quinze", 16: "dieciseis", 17: "diecisiete", 18: "dieciocho", 19: "diecinueve", 20: "veinte vinte twenty",
	21: "veintiuno veintiun", 22: "veintidos", 23: "veintitres", 24: "veinticuatro", 25: "veinticinco", 26: "veintiseis",
	27: "veintisiete", 28: "veintiocho", 29: "veintinueve", 30: "treinta trinta thirty",
}.index()

var ordinalEndings = set("ro ra ero er do da to ta mo era st nd rd th")

// shorthand is how people write on a phone.
var shorthand = map[string]string{
	"q": "que", "k": "que", "xq": "porque", "x": "por", "pa": "para", "p": "para", "d": "de", "ola": "hola", "holis": "hola", "ay": "hay",
	"tb": "tambien", "tmb": "tambien", "fds": "finde", "findesemana": "finde", "weekend": "finde",
	"finsemana": "finde", "bno": "bueno", "grax": "gracias", "gcias": "gracias", "ppl": "people", "hab": "habitacion",
	"pers": "personas", "per": "personas", "perso": "personas", "mnn": "manana", "mna": "manana", "ntes": "noches", "nte": "noche", "nch": "noche", "nchs": "noches", "noxe": "noche", "noxes": "noches", "ad": "adultos", "adl": "adultos", "adt": "adultos", "ads": "adultos", "adul": "adultos", "prox": "proximo", "sem": "sem", "sab": "sabado", "porfa": "porfa", "disp": "disponible", "dispo": "disponibilidad", "hs": "hs", "cto": "cuanto", "qto": "quanto", "tmbn": "tambien", "tbn": "tambien", "bb": "bebe", "ustds": "ustedes", "uds": "ustedes", "vcs": "voces", "vc": "voce", "pls": "please", "plz": "please", "wkend": "finde", "ene": "enero", "dic": "diciembre", "finde": "finde", "dsp": "despues", "sii": "si", "siii": "si",
	"tenes": "tenes", "tienen": "tenes", "tenen": "tenes", "tienes": "tenes", "oka": "ok", "okey": "ok", "okay": "ok", "wsp": "whatsapp", "wpp": "whatsapp",
}

// gestures are signs that stand for a word.
var gestures = map[rune]string{'👍': "si", '👌': "si", '✅': "si", '👎': "no"}

var (
	adultWords    = set("adulto adultos adulta adultas grande grandes mayor mayores adult adults grown grownups idosos idosas seniors elders jubilado jubilados jubiladas")
	childWords    = set("changos changas nene nenes nena nenas nenito nenitos nenita nino ninos nina ninas ninito chico chicos chica chicas chiquito chiquitos chiquita chiquitas hijo hijos hija hijas hijito bebe bebes beba bebas bebito bebita menor menores crianca criancas filho filhos filha filhas child children kid kids baby babies son sons daughter daughters nieto nietos nieta nietas sobrino sobrinos sobrina adolescente adolescentes pibe pibes piba peque peques pequeno pequenos pequena pequenas infante infantes toddler teenager teenagers nietito nietitos nietita nietitas sobrinas sobrinito sobrinitos sobrinita sobrinitas hijita hijitas hijitos pibes pibas pibito pibitos pibita gurises gurisa gurisas guri guris gurisito gurisitos changuito changuitos changuita changuitas guagua guaguas guaguita chamaco chamacos chiquilin chiquilines chiquilina chiquilinas crio crios ahijado ahijada ahijados infant infants toddlers teen teens kiddo kiddos grandchild grandchildren grandkid grandkids grandson granddaughter grandsons nephew nephews niece nieces neto netos neta netas netinho netinhos netinha netinhas sobrinho sobrinhos sobrinha sobrinhas menino meninos menina meninas bebezinho bebezinha nenem nenens pequenin")
	personWords   = set("friend persona personas pax huesped huespedes pasajero pasajeros pessoa pessoas people person persons guest guests hospedes hospede amigos amigas amigo amiga integrantes comensales friends mujeres hombres chabones amigues companeros companeras primos primas hermanos hermanas integrante viajeros viajero turistas travelers travellers")
	friendWords   = set("friend amigos amigas amigo amiga friends companeros companeras primos primas hermanos hermanas")
	coupleWords   = set("pareja parejas parejita matrimonio matrimonios casal casais couple couples parejitas")
	petWords      = set("perro perros perra perras perrito perritos perrita perritas perrhijo gato gatos gata gatas gatito gatitos gatita mascota mascotas caniche caniches cachorro cachorros cachorrito cachorra cachorrinho cachorrinha animal animales animais bicho dog dogs puppy cat cats pet pets salchicha bulldog labrador golden gatitas gatinho gatinha gatos caniches perrazo perrazos galgo galgos ovejero boxer beagle chihuahua pug dachshund yorkshire husky rottweiler dogo border mastin conejo kitten kittens puppies doggy doggie doggies kitty michi michis firulais cusco perruno cao caes catita")
	englishPeople = set("friend child kid baby toddler son daughter dog cat pet puppy couple teenager infant teen grandchild grandkid grandson granddaughter nephew niece kitten boy girl")
	// sizeWords may stand between a number and whom it counts.
	sizeWords = set("small little big pequenos pequenas lindos lindas hermosos pequenos pequenas pequeno pequena medianos chiquitos young older tiny")

	// ownWords make the person after them one of the speaker's.
	ownWords = set("mi mis nuestro nuestra nuestros nuestras my our meu minha meus minhas nosso nossa nossos nossas")
	// multiples are children that come by twos and more.
	multiples = map[string]int{"mellizos": 2, "mellizas": 2, "mellis": 2, "gemelos": 2, "gemelas": 2, "gemeos": 2, "gemeas": 2, "twins": 2, "trillizos": 3, "trillizas": 3, "trigemeos": 3, "triplets": 3}

	// partnerWords with an own word are one more grown-up, elderWords two.
	partnerWords = set("senora esposa esposo marido mujer novia novio pareja companera companero mama papa madre padre hermana hermano amiga amigo suegra suegro abuela abuelo tia tio cunado cunada prima primo vieja viejo wife husband girlfriend boyfriend partner mother father mom dad sister brother friend esposa marido namorada namorado mae pai irma irmao amigo sogra senhora esposita maridito abuelita abuelito nona nono nana madrina padrino concubino concubina prometida prometido novie viejita viejito hermanita hermanito primo nuera yerno fiance fiancee mum mate granny grandma grandpa grandmother grandfather aunt uncle cousin pal buddy noiva noivo companheiro companheira vo vovo tio sogro cunhado cunhada madrastra padrastro colega socio socia vecina vecino")
	elderWords   = set("padres suegros abuelos viejos papas parents pais sogros grandparents nonos tios suegritos viejitos avos grandfolks folks")
	parentWords  = set("papa mama padre madre pai mae mom dad mum")
	// speakersOwn before children say that the speaker comes with them, otherWords that there is one more of them.
	speakersOwn = set("mis my meus minhas")
	otherWords  = set("otro otra outro outra")
	absentVerbs = set("va viene puede vienen van pueden viaja viajan quiere vem vai")
	// talkWords before a person make them somebody to talk to; staysBehind is what happens to those who do not come.
	talkWords   = set("pasas pasan pasen comunicas comunica conecta conectame poneme ponme atienden hablo hablar hablamos hable charlo charlar consulto consultar consultarlo pregunto preguntar aviso avisar llame llamen llama llamar llamarme atienda atiende atender comunicame comunicar comunicarme pasame paseme derivame responda conteste contacto talk speak chat falar fale conversar converso discuto arreglo veo transfirio pago deposito")
	staysBehind = set("enfermo enferma enfermaron opera operan operaron murio fallecio internaron internado internada cumple cumplio cumpleanos cuenta queda quedan queda nombre alias trabaja trabajo labura duele regalo regalarle sorpresa sorprender nacio")
	// goingWords say who travels.
	goingWords    = set("somos seriamos seremos vamos voy iriamos iria iremos ire viajamos viajo viajaremos venimos vengo llevo llevamos llevaria llevariamos va van viene vienen estamos estaremos quedamos queremos quisieramos entramos llegamos incluyendo incluido sumo sumamos agrego are travelling traveling bringing vou iremos viajaremos levo levamos quedariamos quedaremos hospedamos alojamos escapamos iremos viajariamos vendriamos llegariamos llegaremos")
	singularGoing = set("voy viajo iria ire estoy vengo")
	listWords     = set("y e and , con com with + mas i")
	coupleBefore  = set("en somos as um en, para de y como , . : es como em uma un una")
	bedWords      = set("cama camas dormitorio habitacion sommier cuarto")
	// addWords before people add them to those that were said elsewhere.
	addWords = set("agregar sumar agrego sumo agregamos sumamos agregarle sumarle add adicionar agregas agregame")
	// oneArticles are one only where a word for people follows.
	oneArticles = set("un una um uma")
	alone       = set("voy viajo iria ire yo estoy vengo soy vou viajo travel traveling")
	saysPeople  = set("somos seriamos seremos seriamo eramos vamos venimos viajamos iriamos iremos nosotros nosotras familia grupo we're are serian total sumamos quedamos contingente")
	fillerWords = set("unos unas como de solo solamente los las en total ya todos serian a ser aprox maximo mas o menos for nada aproximadamente cerca tipo casi about around mais ou menos")
	modest      = set("si bueno ok dale hola , . ! ) ( ? creo seria vamos ser")

	// nextWords and comesWords make a weekend the next one; wishWords before a day wish that it be good.
	nextWords  = set("proximo prox siguiente otro next proxima")
	comesWords = set("viene vem sigue")
	wishWords  = set("feliz felices buen buena lindo linda lindos excelente hermoso hermosa happy merry boas bom otimo bonito gran")
	// anyWords before a weekend name none in particular.
	anyWords        = set("un algun cualquier los todos cada por uno unos")
	weekendOrdinals = words[int]{1: "primer primero 1er 1ro 1", 2: "segundo 2do 2", 3: "tercer tercero 3er 3", 4: "cuarto 4to 4", -1: "ultimo"}.index()
	periodBefore    = set("para en de el la dia noche los por x hasta desde y pa em no do")
	fortnights      = words[int]{1: "primera 1ra 1era 1 primer", 2: "segunda 2da 2"}.index()

	nightWords = set("noche noches noite noites night nights")
	dayWords   = set("dia dias day days")
	weekWords  = set("semana semanas week weeks")

	hourWords = set("hs h hrs hr hora horas am pm hours horas")
	ageWords  = set("ano anos meses mes year years months")
	// notPeople follow a number that counts something else.
	notPeople = set("cabana cabanas habitacion habitaciones dormitorio dormitorios cuarto cuartos ambiente ambientes cama camas bano banos auto autos coche coches km kms kilometros cuadras metros minutos min cuotas veces noche noches dia dias semana semanas hs h hrs hora horas cabins rooms night nights noites quincena quincenas opciones fotos reservas pesos lucas mil")

	moneyBefore = set("usd u ars pesos")
	moneyAfter  = set("pesos peso mil lucas luca k usd dolares dolar palos palo ars millones millon reales dollars")

	rangeOpeners = set("del de desde entre from do between dia")
	joinsStrong  = set("al hasta ate till until through thru ao")
	joinsWeak    = set("a - to")
	articles     = set("el la los las dia o the un del d")

	correctionWords = set("mejor perdon digo sino corrijo disculpa perdona quise melhor actually sorry")
)

// everyday words are never taken for a misspelt one of the lexicon.
var everyday = set(`pero aunque sino porque pues entonces asi aca aqui alla ahi arriba abajo adentro afuera bastante demasiado tanto tanta tan muy casi quizas tal vez acaso igual mientras
cada todo toda cualquier cualquiera varios varias ambos ciertos algun ningun ninguna ninguno eran eramos era fue fueron fui fuimos sido estar estaba estabamos estaban estado ser sea sean fuera
habia haber han has he hemos iba iban ibamos decia dijo dije dicen digan dijeron hablo hablaron saben sabe sabes supe pense creo crees creemos pienso piensa parecio queria querian quisieron quise
haces haria hariamos hizo hicimos hice hicieron puse poner pone ponen puso trae traigo traemos trajo dar doy das dio dieron damos ver veo ves vi vio vieron mirar mire miren miro tomar toma tomo
llegue llego llegaron volver volvemos volvio pasar paso pasa pasan paseo entrar entro entran salio sale salen seguir sigo sigue siguen encontrar encontre encontramos perder ganar abrir cierra
cerca detras delante encima debajo sin segun contra durante hacia aun todavia jamas tarde temprano pronto luego ayer anteayer anoche semana semanas mes ano anos ahorita rato ratito momento
persona hombre hombres mujeres senor senores familia familiar familiares amigos vecino vecinos jefe colega grupo equipo mundo pais ciudad barrio zona parte partes lado lados medio forma manera
tipo caso casos punto hecho tema temas duda dudas verdad mentira problema razon idea ideas gusto ganas miedo suerte favor error trabajo laburo escuela colegio facultad estudio viaje viajes ruta
auto autos camioneta moto micro avion vuelo vuelos terminal aeropuerto estacion parada pasaje pasajes mochila valija valijas bolso comida almuerzo cena cumple cumpleanos fiesta fiestas boda
casamiento aniversario luna miel sorpresa regalo mejor peor mas menos grande chico linda lindo hermoso hermosa barato barata caro cara nuevo vieja feliz triste contento contenta
primer ultima ultimo ultimas siguiente anterior proxima mismas mismos propia propio ajeno dos ambas incluso ademas tampoco tambien excepto salvo menos apenas recien
averiguar averigue averiguando pensar pensando viendo mirando buscando queriendo llamando esperando organizando planeando confirmar consultar consulta preguntar pregunta responder contestar avisar
escribir escribo escribi mensaje mensajes chat audio audios llamada numero nombre apellido dato datos mail correo pagina aviso anuncio publicacion instagram facebook internet booking airbnb
gastar gasta gaste plata dinero pesos presupuesto alcanza alcance costar trabajar laburar salir dormir descansar comer cenar almorzar cocinar nadar pescar caminar pasear jugar disfrutar conocer
vienes viene vengo luces mares mayor mayores abrir abril coche tarde tardes donde cuando cuanto cuantos
alguna alguno algunas algunos mismo misma ahora antes despues entre todos todas nuestro nuestra tengo tiene tenemos tenia pueden puede podes podria
quiero queria quisiera queremos somos seria serian estoy estamos buenas buenos cosas gusta parece saber decir hacer gente lugar mucho mucha muchos poco
libre libres cerca lejos pileta parrilla toallas sabanas cocina ropa calle ruta playa bosque montana rio lago centro pueblo madre padre tio tios prima primo
juntos juntas angosto basta hasta menos martin marta dorado sobre solo sola salir llegar llegamos llegada salida vamos vemos viaje viajar viajamos casa casas
pique piques pena penas gasto gastos gallo gallos chino chinos chivo chivos hilo hilos higo higos perno neta mando pecho campo sala salas suelo suela venta ventas cuero duelo viento vientos cuento cuentos
manta mantas mesa mesas nada nadie nunca siempre quien quienes otra otro otras otros primera segunda tercera primero segundo tercero cuarta cuarto quinta nuevo nueva nuevos nuevas senal senales`)

// words lists the spellings of each value, separated by spaces.
type words[V comparable] map[V]string

func (w words[V]) index() map[string]V {
	byWord := map[string]V{}
	for value, spellings := range w {
		for word := range set(spellings) {
			byWord[word] = value
		}
	}
	return byWord
}

// seekWords say that a place is looked for unless one of restWords follows; so does one of askWords before one of freeWords.
var (
	seekWords = set(`busco buscamos buscaba buscabamos buscando necesito necesitamos necesitaba necesitabamos necesitaria necesitariamos preciso precisamos precisaba
precisabamos precisaria precisariamos procuro procuramos procurando precisava looking searching`)
	restWords = set("que cuna saber factura pagar cancelar cambiar mover senar abonar transferir mas llegar entrar dejar hablar otra otro confirmar datos")
	askWords  = set("hay tenes habra tendras tendran tendra tendria tendrias tendrian queda quedaria tenias tem teria have")
	freeWords = set("algo lugar lugarcito disponibilidad disponible libre vaga vagas anything availability something")
)

// interjections stand before data that correct or complete what was said.
var interjections = set("hola holis buenas hi hello oi ay uy uh ah eh epa perdon perdoname perdona disculpa disculpame espera esperame pera bueno si no digo mejor dicho corrijo erre pifie equivoque confundi le sorry actually entonces ojo che nomas era eran sao")

// politeWords go around a wish; a message of nothing else is a courtesy.
var politeWords = set("gracias muchas mil muchisimas genial perfecto barbaro buenisimo joya listo ok excelente super saludos abrazo chau dale bueno thanks thank you great ok perfect obrigado obrigada otimo valeu muito beleza espectacular")

// dataWords go with dates and people without asking for anything.
var dataWords = set(`en para el la los las del de desde hasta a al por y con entre e o ou and from to the on in at for with until em com ate do da um uma un una unos unas
somos seriamos seremos vamos iriamos viajamos llegamos llegariamos llego llegaria entramos entrariamos entrando ingresamos nos me quedamos quedariamos quedaria serian seria es son sera ser
check out ingreso salida entrada llegada noche noches dia dias partir total pax mas menos aprox aproximadamente unicamente solo solamente eh mmm mira ah ahi tambien todos contando incluyendo
voy vuelvo volvemos salgo salimos saldriamos regreso regresamos iria arrancamos sem semana proximo proxima este esta ese esa we are will be there i us my our its it am arriving leaving staying yo nosotros mi mis nuestro`)
